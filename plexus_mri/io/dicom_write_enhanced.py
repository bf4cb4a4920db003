"""Header of an Enhanced MR multi-frame image: dimensions and functional groups."""

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from plexus_mri.io.dicom_write_header import SliceStack, SyntheticSeries, decimals

_STACK = "1"


def enhanced_header(common: Dataset, series: SyntheticSeries, stack: SliceStack) -> Dataset:
    """Give the common header with all that an Enhanced MR image of these slices adds to it."""
    header = Dataset(common)
    header.file_meta = common.file_meta
    header.update(_image(series))
    header.update(_pulse_sequence(series))
    header.update(_dimensions(series))
    header.NumberOfFrames = len(stack.pixels)
    header.SharedFunctionalGroupsSequence = Sequence([_shared_groups(series, stack)])
    header.PerFrameFunctionalGroupsSequence = Sequence(
        [_frame_groups(stack, k) for k in range(len(stack.pixels))]
    )
    return header


def _image(series: SyntheticSeries) -> Dataset:
    """Enhanced MR Image module, PS3.3 C.8.13.1."""
    image = Dataset()
    image.InstanceNumber = 1
    image.update(_frame_type(series))
    image.ImageType = image.FrameType
    del image.FrameType
    image.AcquisitionDateTime = "20000101120000"
    image.AcquisitionDuration = 300.0
    image.ContentQualification = "RESEARCH"
    image.ResonantNucleus = "1H"
    image.ApplicableSafetyStandardAgency = "IEC"
    image.KSpaceFiltering = "NONE"
    (image.MagneticFieldStrength,) = decimals(series.field_strength_t)
    image.BurnedInAnnotation = "NO"
    image.LossyImageCompression = "00"
    image.PresentationLUTShape = "IDENTITY"
    image.AcquisitionContextSequence = Sequence()
    return image


def _frame_type(series: SyntheticSeries) -> Dataset:
    """MR Image Frame Type, PS3.3 C.8.13.5.1."""
    frame = Dataset()
    frame.FrameType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    frame.PixelPresentation = "MONOCHROME"
    frame.VolumetricProperties = "VOLUME"
    frame.VolumeBasedCalculationTechnique = "NONE"
    frame.ComplexImageComponent = "MAGNITUDE"
    frame.AcquisitionContrast = series.acquisition_contrast
    return frame


def _pulse_sequence(series: SyntheticSeries) -> Dataset:
    """MR Pulse Sequence module, PS3.3 C.8.13.4: a fast spin echo, sampled line by line."""
    pulse = Dataset()
    pulse.PulseSequenceName = series.description
    pulse.MRAcquisitionType = "3D"
    pulse.EchoPulseSequence = "SPIN"
    pulse.MultipleSpinEcho = "NO"
    pulse.MultiPlanarExcitation = "NO"
    pulse.PhaseContrast = pulse.TimeOfFlightContrast = "NO"
    pulse.SteadyStatePulseSequence = "NONE"
    pulse.EchoPlanarPulseSequence = "NO"
    pulse.SaturationRecovery = "NO"
    pulse.SpectrallySelectedSuppression = "NONE"
    pulse.OversamplingPhase = "NONE"
    pulse.GeometryOfKSpaceTraversal = "RECTILINEAR"
    pulse.RectilinearPhaseEncodeReordering = "LINEAR"
    pulse.SegmentedKSpaceTraversal = "PARTIAL"
    pulse.CoverageOfKSpace = "FULL"
    pulse.NumberOfKSpaceTrajectories = 1
    return pulse


def _dimensions(series: SyntheticSeries) -> Dataset:
    """Multi-frame Dimension module, PS3.3 C.7.6.17: one stack, frames by place in it."""
    organization = Dataset()
    organization.DimensionOrganizationUID = series.uid("dimensions", series.series_number)
    indices = []
    for name in ("StackID", "InStackPositionNumber"):
        index = Dataset()
        index.DimensionIndexPointer = Tag(name)
        index.FunctionalGroupPointer = Tag("FrameContentSequence")
        index.DimensionOrganizationUID = organization.DimensionOrganizationUID
        indices.append(index)
    dimensions = Dataset()
    dimensions.DimensionOrganizationSequence = Sequence([organization])
    dimensions.DimensionIndexSequence = Sequence(indices)
    return dimensions


def _frame_groups(stack: SliceStack, k: int) -> Dataset:
    """What differs between frames: place in the stack and in the patient."""
    content = Dataset()
    content.FrameAcquisitionNumber = 1
    content.FrameReferenceDateTime = content.FrameAcquisitionDateTime = "20000101120000"
    content.FrameAcquisitionDuration = 300000.0
    content.StackID = _STACK
    content.InStackPositionNumber = k + 1
    content.DimensionIndexValues = [1, k + 1]
    position = Dataset()
    position.ImagePositionPatient = decimals(*stack.positions_mm[k])
    groups = Dataset()
    groups.FrameContentSequence = Sequence([content])
    groups.PlanePositionSequence = Sequence([position])
    return groups


def _shared_groups(series: SyntheticSeries, stack: SliceStack) -> Dataset:
    """What all frames have in common."""
    groups = Dataset()
    groups.PixelMeasuresSequence = Sequence([_pixel_measures(stack)])
    groups.PlaneOrientationSequence = Sequence([_orientation(stack)])
    groups.FrameAnatomySequence = Sequence([_anatomy()])
    groups.PixelValueTransformationSequence = Sequence([_pixel_values()])
    groups.MRImageFrameTypeSequence = Sequence([_frame_type(series)])
    groups.MRTimingAndRelatedParametersSequence = Sequence([_timing(series)])
    groups.MRFOVGeometrySequence = Sequence([_field_of_view(stack)])
    groups.MREchoSequence = Sequence([_echo(series)])
    groups.MRModifierSequence = Sequence([_modifier(series)])
    groups.MRImagingModifierSequence = Sequence([_imaging_modifier(series)])
    groups.MRReceiveCoilSequence = Sequence([_receive_coil()])
    groups.MRTransmitCoilSequence = Sequence([_transmit_coil()])
    groups.MRAveragesSequence = Sequence([_averages()])
    return groups


def _pixel_measures(stack: SliceStack) -> Dataset:
    measures = Dataset()
    measures.PixelSpacing = decimals(stack.row_spacing_mm, stack.column_spacing_mm)
    measures.SliceThickness, measures.SpacingBetweenSlices = decimals(stack.slice_spacing_mm) * 2
    return measures


def _orientation(stack: SliceStack) -> Dataset:
    orientation = Dataset()
    orientation.ImageOrientationPatient = decimals(*stack.column_step, *stack.row_step)
    return orientation


def _anatomy() -> Dataset:
    """Both sides of the neck; SNOMED CT."""
    region = Dataset()
    region.CodeValue = "45048000"
    region.CodingSchemeDesignator = "SCT"
    region.CodeMeaning = "Neck"
    anatomy = Dataset()
    anatomy.FrameLaterality = "B"
    anatomy.AnatomicRegionSequence = Sequence([region])
    return anatomy


def _pixel_values() -> Dataset:
    values = Dataset()
    values.RescaleIntercept = "0"
    values.RescaleSlope = "1"
    values.RescaleType = "US"
    return values


def _timing(series: SyntheticSeries) -> Dataset:
    mode = Dataset()
    mode.OperatingModeType = "STATIC FIELD"
    mode.OperatingMode = "IEC_NORMAL"
    rate = Dataset()
    rate.SpecificAbsorptionRateDefinition = "IEC_WHOLE_BODY"
    rate.SpecificAbsorptionRateValue = 0.0
    timing = Dataset()
    (timing.RepetitionTime,) = decimals(series.repetition_time_ms)
    (timing.FlipAngle,) = decimals(series.flip_angle_deg)
    timing.EchoTrainLength = timing.RFEchoTrainLength = series.echo_train_length
    timing.GradientEchoTrainLength = 0
    timing.GradientOutputType = "DB_DT"
    timing.GradientOutput = 0.0
    timing.SpecificAbsorptionRateSequence = Sequence([rate])
    timing.OperatingModeSequence = Sequence([mode])
    return timing


def _field_of_view(stack: SliceStack) -> Dataset:
    _, rows, columns = stack.pixels.shape
    view = Dataset()
    view.InPlanePhaseEncodingDirection = "ROW"
    view.MRAcquisitionFrequencyEncodingSteps = rows
    view.MRAcquisitionPhaseEncodingStepsInPlane = columns
    view.MRAcquisitionPhaseEncodingStepsOutOfPlane = len(stack.pixels)
    view.PercentSampling = view.PercentPhaseFieldOfView = "100"
    return view


def _echo(series: SyntheticSeries) -> Dataset:
    echo = Dataset()
    echo.EffectiveEchoTime = float(series.echo_time_ms)
    return echo


def _modifier(series: SyntheticSeries) -> Dataset:
    modifier = Dataset()
    inverted = series.inversion_time_ms is not None
    modifier.InversionRecovery = "YES" if inverted else "NO"
    if inverted:
        modifier.InversionTimes = [float(series.inversion_time_ms or 0.0)]
    modifier.FlowCompensation = "NONE"
    modifier.Spoiling = "NONE"
    modifier.T2Preparation = "NO"
    modifier.SpectrallySelectedExcitation = "NONE"
    modifier.SpatialPresaturation = "NONE"
    modifier.PartialFourier = "NO"
    modifier.ParallelAcquisition = "NO"
    return modifier


def _imaging_modifier(series: SyntheticSeries) -> Dataset:
    modifier = Dataset()
    modifier.MagnetizationTransfer = "NONE"
    modifier.BloodSignalNulling = "NO"
    modifier.Tagging = "NONE"
    modifier.TransmitterFrequency = 42.577478518 * series.field_strength_t  # 1H, CODATA 2018
    modifier.PixelBandwidth = "500"
    return modifier


def _receive_coil() -> Dataset:
    coil = Dataset()
    coil.ReceiveCoilName = "SIMULATED"
    coil.ReceiveCoilManufacturerName = ""
    coil.ReceiveCoilType = "BODY"
    coil.QuadratureReceiveCoil = "YES"
    return coil


def _transmit_coil() -> Dataset:
    coil = Dataset()
    coil.TransmitCoilName = "SIMULATED"
    coil.TransmitCoilManufacturerName = ""
    coil.TransmitCoilType = "BODY"
    return coil


def _averages() -> Dataset:
    averages = Dataset()
    averages.NumberOfAverages = "1"
    return averages
